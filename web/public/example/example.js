/* global document, FormData -- a page has them */
// An app knows its user's token from signing in. Here somebody types it.
const usage = document.querySelector('postage-usage');

document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = new FormData(event.target).get('token');
  usage.getToken = async () => token;
});
