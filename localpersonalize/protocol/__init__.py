"""The wire: requests parsed and checked, answers and errors written, as botocore's service models say."""
