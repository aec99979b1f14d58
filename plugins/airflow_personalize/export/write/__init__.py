"""To S3: CSV as the service imports it, multipart uploads, rejected rows."""
