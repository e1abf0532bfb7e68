# Serves Barbican's WSGI application on a loopback address, behind Keystone's middleware or the one of its own for tests,
# on SQLite. argv: port (0: any), `keystone` or `anyone`. Its modules read barbican.conf in $HOME when they are imported,
# each for itself. Prints `port N` when requests are answered; its libraries print there, too.

import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

PORT = int(sys.argv[1])
WHO = sys.argv[2]
sys.argv = sys.argv[:1]

from barbican.common import config  # noqa: E402

CONF = config.CONF

from barbican.api import app  # noqa: E402
from barbican.api.middleware import context  # noqa: E402
from keystonemiddleware import auth_token  # noqa: E402

api = app.create_main_app({})
if WHO == 'keystone':
    api = context.ContextMiddleware(api)
    api = auth_token.AuthProtocol(api, {'oslo_config_config': CONF})
else:
    api = context.UnauthenticatedContextMiddleware(api)


# As its own paste file does: the version is in the path, and not the application's.
def root(environ, start_response):
    path = environ.get('PATH_INFO', '')
    if path.startswith('/v1/'):
        environ['SCRIPT_NAME'] = '/v1'
        environ['PATH_INFO'] = path[3:]
        return api(environ, start_response)
    start_response('404 Not Found', [('Content-Type', 'text/plain')])
    return [b'']


# One request after the other: with threads, SQLite refuses those that write at the same time. Names of clients are not
# looked up, and requests not logged.
WSGIServer.request_queue_size = 128
WSGIRequestHandler.address_string = lambda self: self.client_address[0]
WSGIRequestHandler.log_message = lambda *args: None

server = make_server('127.0.0.1', PORT, root)
print('port', server.server_address[1], flush=True)
server.serve_forever()
