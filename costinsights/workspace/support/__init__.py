"""Staff looking into this workspace, seen from inside: who asks, who is here, who decides."""
