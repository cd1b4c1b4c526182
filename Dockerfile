# The appliance: docker build -t hypervize . && docker run -p 8080:8080 -p 8443:8443 -v hypervize:/data hypervize
FROM oven/bun:1.4.5-slim AS build
WORKDIR /src
COPY package.json bun.lock bunfig.toml tsconfig.json ./
RUN bun install --frozen-lockfile --production
COPY .ci/build.ts .ci/
COPY migrations migrations
COPY agent agent
COPY ui ui
COPY docs docs
COPY src src
RUN bun .ci/build.ts

FROM debian:trixie-slim
RUN useradd --system --uid 10001 --no-create-home hypervize && install -d -o hypervize -m 0700 /data
COPY --from=build /src/dist/hypervize /usr/local/bin/
ENV HYPERVIZE_HOME=/data
VOLUME /data
USER hypervize
EXPOSE 8080 8443
HEALTHCHECK CMD ["hypervize", "status"]
ENTRYPOINT ["hypervize"]
CMD ["serve"]
