module example.org/configserver

go 1.21
