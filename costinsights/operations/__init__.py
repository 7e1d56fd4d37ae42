"""Running the installation: probes, metrics, traces, doctor, backup, export, key rotation. No models."""
