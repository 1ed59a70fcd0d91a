module example.org/invitations

go 1.21
