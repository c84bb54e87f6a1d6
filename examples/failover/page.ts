/** What a browser sees. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>evenkeel failover</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 3em auto; padding: 0 1em; color: #223; }
  button { font: inherit; margin: 0 .3em .3em 0; padding: .3em .9em; }
  #by { font-weight: 600; } #log { color: #667; white-space: pre-line; }
</style>
<h1>Still logged in</h1>
<p>You are <b id="user">nobody</b>. This was served by <span id="by">?</span>. Your cart has <b id="count">0</b> things in it.</p>
<p><button id="in">Log in</button><button id="add">Put an apple into the cart</button></p>
<p>Leave this page open while the demo kills and drains instances: the name of the instance changes, the login and the cart do not.</p>
<p id="log"></p>
<script>
  const at = (id) => document.getElementById(id);
  let by = '';
  async function call(method, path) {
    const response = await fetch(path, { method });
    const served = response.headers.get('x-served-by');
    if (by && served !== by) at('log').prepend(new Date().toLocaleTimeString() + ': moved from ' + by + ' to ' + served + '\\n');
    at('by').textContent = by = served;
    const answer = await response.json();
    at('user').textContent = answer.user ?? 'nobody';
    if (answer.items) at('count').textContent = Object.keys(answer.items).length;
  }
  at('in').onclick = () => call('PUT', '/login/visitor').then(() => call('GET', '/cart'));
  at('add').onclick = () => call('PUT', '/cart/' + crypto.randomUUID() + '/apple').then(() => call('GET', '/cart'));
  setInterval(() => call('GET', '/cart').catch(() => {}), 1000);
</script>
</html>
`;
