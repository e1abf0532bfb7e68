// One session of ipmitool 1.8.19 with ipmi_sim 2.0.33 (Debian 12), cipher suite 3, as recorded between them:
// `ipmitool -I lanplus -C 3 -U admin -P factory-pw chassis power status`.

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

export const RECORDED = {
  username: 'admin',
  password: 'factory-pw',
  tag: 0,
  consoleSessionId: 0xa0a2a3a4,
  bmcSessionId: 0x302,
  role: 0x14,
  consoleNonce: hex('a361a6c811c23095524928d0d8ee9db1'),
  bmcNonce: hex('cba1d9ed15d72c799746bf3207b2bd8b'),
  bmcGuid: hex('a123456789abcdefa123456789abcdef'),
  bmcProof: hex('3a3d4d77ecd8f81eae721840accdd747f2f9976c'),
  consoleProof: hex('09d3a5a509fd959c9894a7ccd5f92b2c2c8f983e'),
  sessionProof: hex('9454b86d487e67a9126fafbd'),
} as const;

export const RECORDED_ANSWERS = {
  authCapabilities: hex('0600ff0700000000000000000010811c6320003800019704030000000009'),
  openSession: hex(
    '0600ff0706110000000000000000240000000000a4a3a2a002030000000000080100000001000008010000000200000801000000',
  ),
  rakp2: hex(
    '0600ff07061300000000000000003c0000000000a4a3a2a0cba1d9ed15d72c799746bf3207b2bd8ba123456789abcdefa123456789abcdef3a3d4d77ecd8f81eae721840accdd747f2f9976c',
  ),
  rakp4: hex('0600ff0706150000000000000000140000000000a4a3a2a09454b86d487e67a9126fafbd'),
} as const;

/** Set Session Privilege Level, the first packet inside the session. */
export const RECORDED_REQUEST = hex(
  '0600ff0706c0020300000300000020006036a73d8d8449e64f94a1647c1fdede77bd332f1b17a627ed35180a508c9f72ffff0207d23b7037c04ff71872514331',
);
export const RECORDED_RESPONSE = hex(
  '0600ff0706c0a4a3a2a001000000200088d66014a3988b5b7bca340d21649e6eda379f603ff792dbc24dfa656673498cffff0207a2171b6c9e308cfae2ace33c',
);
