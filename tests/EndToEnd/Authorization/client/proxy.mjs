// Passes requests on with an access token, for programs that cannot send one. Arguments: the server, and the token. Prints its own address.
import http from 'node:http';

const [server, token] = process.argv.slice(2);
const target = new URL(server);

const proxy = http.createServer((request, response) => {
  const forwarded = http.request(
    { host: target.hostname, port: target.port, method: request.method, path: request.url, headers: { ...request.headers, authorization: `Bearer ${token}` } },
    answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
  forwarded.on('error', () => response.destroy());
  request.pipe(forwarded);
  response.on('close', () => forwarded.destroy());
});
proxy.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${proxy.address().port}/mcp`));
