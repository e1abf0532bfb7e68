# Serves Keystone's WSGI application on a loopback address. Debian's package wants uwsgi or Apache for it; a test needs
# neither. argv: configuration file, port (0: any). Prints the port when requests are answered.

import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

os.environ['OS_KEYSTONE_CONFIG_FILES'] = sys.argv[1]
PORT = int(sys.argv[2])
sys.argv = sys.argv[:1]

from keystone.server.wsgi import initialize_public_application  # noqa: E402


# One request after the other: with threads, SQLite refuses those that write at the same time.
class Server(WSGIServer):
    request_queue_size = 128
    allow_reuse_address = True


class Handler(WSGIRequestHandler):
    # Names of clients are not looked up, and requests not logged.
    def address_string(self):
        return self.client_address[0]

    def log_message(self, *args):
        pass


server = make_server('127.0.0.1', PORT, initialize_public_application(), Server, Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
