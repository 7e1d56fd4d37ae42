kubectl --namespace opencost create secret generic opencost-gateway \
  --from-literal=token="$(openssl rand -hex 32)"
kubectl apply -f gateway.yaml

# The token to enter here:
kubectl --namespace opencost get secret opencost-gateway \
  -o jsonpath='{.data.token}' | base64 --decode
