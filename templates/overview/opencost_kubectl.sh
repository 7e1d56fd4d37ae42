kubectl create namespace opencost
kubectl apply --namespace opencost \
  -f https://raw.githubusercontent.com/opencost/opencost/develop/kubernetes/opencost.yaml
