using System.Security.Cryptography;
using System.Text;
using MedCor.AppHost.Data;

namespace MedCor.AppHost.Servers;

/// <summary>Generates the password with which each program logs in to the servers that they share, and writes it to a file for the program.</summary>
internal sealed class ServerLogins(DataDirectory data)
{
    /// <summary>Returns the password of a program, which is the same at all servers.</summary>
    public string GetPassword(string program) => data.GetPassword($"{program}-login");

    /// <summary>Returns the SHA-256 hash of a program's password, as Redis states it.</summary>
    public string GetPasswordHash(string program) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(GetPassword(program))));

    /// <summary>Returns the path of the file with a program's password. Programs read the file for each connection.</summary>
    public string WritePasswordFile(string program)
    {
        var file = Path.Combine(data.GetDirectory("logins"), program);
        PrivateFile.Write(file, GetPassword(program));
        return file;
    }
}
