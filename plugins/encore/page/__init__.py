"""The page *Encore* in Airflow's UI: what is live, what the runs came to, and what users would see."""
