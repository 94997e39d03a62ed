FROM node:24-slim
WORKDIR /app
COPY . .
# The pages are built once, here; the runtime of the image is the one that the project asks for.
RUN npm ci && npm run build:pages && npm prune --omit=dev --omit=optional
USER node
CMD ["node", "server/media-main.ts"]
