"""What uses a service that runs, through boto3 as an application does: for tests, demonstrations and first data."""
