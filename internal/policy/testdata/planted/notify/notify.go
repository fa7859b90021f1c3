package notify // want package comment
