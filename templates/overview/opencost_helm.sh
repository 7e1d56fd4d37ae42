helm upgrade --install prometheus prometheus \
  --repo https://prometheus-community.github.io/helm-charts \
  --namespace prometheus-system --create-namespace \
  --set prometheus-pushgateway.enabled=false --set alertmanager.enabled=false \
  -f https://raw.githubusercontent.com/opencost/opencost/develop/kubernetes/prometheus/extraScrapeConfigs.yaml

helm repo add opencost https://opencost.github.io/opencost-helm-chart
helm upgrade --install opencost opencost/opencost \
  --namespace opencost --create-namespace \
  --set opencost.exporter.defaultClusterId=my-cluster \
  --set opencost.prometheus.internal.namespaceName=prometheus-system \
  --set opencost.prometheus.internal.serviceName=prometheus-server \
  --set opencost.prometheus.internal.port=80
