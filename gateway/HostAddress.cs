using System.ComponentModel.DataAnnotations;

namespace MedCor.Gateway;

/// <summary>Where the gateway listens, and what of the configuration it was given does nothing here.</summary>
internal static class HostAddress
{
    private static readonly (string Variable, string Instead)[] UnsupportedSettings =
    [
        ("MCP_DATABASE_URL", "every service has a database of its own: ConnectionStrings__db"),
        ("MCP_JWT_SECRET", "tokens are signed with key pairs that Identity makes and replaces; Identity__KeyEncryptionSecret encrypts them"),
    ];

    /// <summary>Listens at <c>MCP_SERVER_HOST</c> and <c>MCP_SERVER_PORT</c>, unless the host gave an address in the way of ASP.NET Core.</summary>
    public static void UseHostAddress(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (configuration[WebHostDefaults.ServerUrlsKey] is not null) return;
        if (!ushort.TryParse(configuration["MCP_SERVER_PORT"] ?? "8002", out var port)) throw new ValidationException("MCP_SERVER_PORT must be a port, 0 to 65535.");
        builder.WebHost.UseUrls($"http://{configuration["MCP_SERVER_HOST"] ?? "localhost"}:{port}");
    }

    /// <summary>Says so where somebody sets what other servers would go by and MedCor does not.</summary>
    public static void WarnOfUnsupportedSettings(this WebApplication app)
    {
        foreach (var (variable, instead) in UnsupportedSettings)
            if (app.Configuration[variable] is { Length: > 0 })
                app.Logger.LogWarning("{Variable} is set and does nothing: {Instead}.", variable, instead);
    }
}
