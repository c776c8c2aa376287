using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;

namespace MedCor.AppHost.Servers;

/// <summary>Creates the definitions that RabbitMQ imports whenever it starts: the administrator, and the logins of the programs with their rights.</summary>
internal static class BrokerDefinitions
{
    private const string Administrator = "guest";
    private const string VirtualHost = "/";

    /// <summary>Returns the definitions as JSON.</summary>
    public static string Create(string administratorPassword, IReadOnlyCollection<string> programs, ServerLogins logins) => JsonSerializer.Serialize(new
    {
        vhosts = new[] { new { name = VirtualHost } },
        users = (object[])
        [
            User(Administrator, administratorPassword, "administrator"), .. programs.Select(program => User(program, logins.GetPassword(program), tags: "")),
        ],
        permissions = (object[])
        [
            Permission(Administrator, new(".*", ".*", ".*")), .. programs.Select(program => Permission(program, BrokerAccess.GetRights(program))),
        ],
    });

    private static object User(string name, string password, string tags) =>
        new { name, password_hash = Hash(password), hashing_algorithm = "rabbit_password_hashing_sha256", tags };

    private static object Permission(string user, BrokerRights rights) =>
        new { user, vhost = VirtualHost, configure = rights.Configure, write = rights.Write, read = rights.Read };

    /// <summary>Returns a salt of four bytes, followed by the hash of salt and password.</summary>
    private static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(4);
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }
}
