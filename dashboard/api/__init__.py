"""The read-only REST API: search, figures and single mentions for programs. Free of Streamlit."""
