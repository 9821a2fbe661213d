"""What people see: the Streamlit app and the alert mails."""
