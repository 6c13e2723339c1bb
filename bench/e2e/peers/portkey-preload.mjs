// Lets Portkey's gateway 1.15.2 pass streams on under Node: read with `node --import`.
//
// The gateway adds header fields to the response that `fetch` gave it. Node's are immutable, as the
// standard says, and every stream ends in "TypeError: immutable" and status 500. A response made
// of the same status, fields and body can be added to. Whole answers do not need it; their bodies
// are written anew by the gateway.
//
// Plain http to 127.0.0.1 needs nothing: it is among the hosts that the gateway trusts by default.
const fetchOfNode = globalThis.fetch;

globalThis.fetch = async (...request) => {
  const { body, status, statusText, headers } = await fetchOfNode(...request);
  return new Response(body, { status, statusText, headers });
};
