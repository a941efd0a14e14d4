// grpc.mjs HOST:PORT PROTO SAMPLE LABEL: asks the server by @grpc/grpc-js, as the specification's proto has it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [address, proto, sample, label] = process.argv.slice(2);
const { inference } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true }));
const client = new inference.GRPCInferenceService(address, grpc.credentials.createInsecure());
const call = (method, request, options = {}) =>
  new Promise((resolve, reject) => client[method](request, options, (e, answer) => (e ? reject(e) : resolve(answer))));

assert.equal((await call('ServerReady', {})).ready, true);
const { name } = await call('ServerMetadata', {});
assert.equal(name, 'earshot');
const request = {
  model_name: 'demo-model',
  parameters: { city: { string_param: 'Beijing' }, time: { string_param: '2023-06-18T18:44' } },
  inputs: [{ name: 'AUDIO', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [readFileSync(sample)] } }],
  outputs: [{ name: 'label' }, { name: 'probability' }],
};
const answer = await call('ModelInfer', request);
assert.equal(answer.outputs[0].contents.bytes_contents[0].toString(), label);
assert.ok(answer.outputs[1].contents.fp32_contents[0] > 0.5);

request.inputs[0].contents.bytes_contents[0] = Buffer.from('no recording');
await assert.rejects(call('ModelInfer', request), e => e.code === grpc.status.INVALID_ARGUMENT && /AUDIO\[0\]: found/.test(e.details));
await assert.rejects(call('ModelReady', { name: 'other' }), e => e.code === grpc.status.NOT_FOUND);
client.close();
console.log('gRPC by @grpc/grpc-js works');
