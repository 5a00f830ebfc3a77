"""The workloads, one file each; a file registers its class when it is imported."""
