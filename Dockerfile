# syntax=docker/dockerfile:1
# The production image: web, worker, beat and management commands. No development packages, no
# one-machine tools, no compiler, no Node, not root.

FROM node:24.11-bookworm-slim AS front-end
WORKDIR /src/static
COPY static/package.json static/package-lock.json static/.npmrc ./
RUN npm ci --omit=dev
COPY static/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/base.txt

FROM python:3.11-slim-bookworm AS source
WORKDIR /app
COPY manage.py ./
COPY costinsights/ costinsights/
COPY tenants/ tenants/
COPY reporting/ reporting/
COPY anomalies/ anomalies/
COPY templates/ templates/
RUN rm -rf costinsights/local

FROM python:3.11-slim-bookworm AS runtime
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=costinsights.settings
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app \
 && install --directory --owner app --group app --mode 0750 /var/lib/costinsights/reports
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=source /app ./
COPY --from=front-end /src/static/dist static/dist
# Collecting needs settings but no server; none of these values stays in the image.
RUN SECRET_KEY=unused DATABASE_URL=postgres://unused@unused/unused REDIS_URL=redis://unused \
    python manage.py collectstatic --no-input --verbosity 0
USER app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import http.client; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["gunicorn", "costinsights.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--config", "python:costinsights.operations.gunicorn"]

# The same with the one-machine tools: the demo OpenCost and the demo tenants of docker-compose.yml.
FROM runtime AS demo
COPY costinsights/local/ costinsights/local/
ENV LOCAL_TOOLS=1
EXPOSE 9003
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import http.client; c = http.client.HTTPConnection('127.0.0.1', 9003, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["python", "-m", "costinsights.local.demo_opencost", "--host", "0.0.0.0", "--port", "9003", "--quiet"]

# What `docker build .` makes.
FROM runtime
