"""Generators that read prose: servers over HTTP, local models, engines in the cluster."""
