/* global SwaggerUIBundle */
SwaggerUIBundle({
  url: '../openapi.json',
  domNode: document.getElementById('docs'),
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  // A token that was typed in stays in this tab alone.
  persistAuthorization: false,
  tryItOutEnabled: false,
  // No badge that asks somebody else's server.
  validatorUrl: null,
});
