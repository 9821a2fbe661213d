"""When a topic turns bad: detection, the mail about it, its delivery. Free of Streamlit."""
