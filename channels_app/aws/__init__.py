"""What Amazon's services have in common: boto3 over our own connections, and calls that SNS signs."""
