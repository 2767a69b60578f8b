# Python's own ftplib: breaks a download off in the middle by ABOR (urgent data and all), and goes on.
import ftplib
import sys

ftp = ftplib.FTP()
ftp.connect("127.0.0.1", int(sys.argv[1]), timeout=10)
print(ftp.login("ann", "pw"))
data = ftp.transfercmd("RETR big")
print(len(data.recv(1000)) > 0)
print(ftp.abort())
data.close()
print(ftp.voidresp())
print(ftp.pwd())
print(sorted(ftp.nlst()))
print(ftp.quit())
