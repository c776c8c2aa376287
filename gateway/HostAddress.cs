using System.ComponentModel.DataAnnotations;

namespace MedCor.Gateway;

/// <summary>Configures the address that the gateway listens on, and warns of settings that have no effect.</summary>
internal static partial class HostAddress
{
    private static readonly (string Variable, string Instead)[] UnsupportedSettings =
    [
        ("MCP_DATABASE_URL", "every service has a database of its own: ConnectionStrings__db"),
        ("MCP_JWT_SECRET", "tokens are signed with key pairs that Identity makes and replaces; Identity__KeyEncryptionSecret encrypts them"),
    ];

    /// <summary>
    /// Sets the address to <c>MCP_SERVER_HOST</c> and <c>MCP_SERVER_PORT</c>, unless the configuration contains an address under the key of ASP.NET Core.
    /// </summary>
    public static void UseHostAddress(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (configuration[WebHostDefaults.ServerUrlsKey] is not null) return;
        if (!ushort.TryParse(configuration["MCP_SERVER_PORT"] ?? "8002", out var port))
            throw new ValidationException("MCP_SERVER_PORT must be a port, 0 to 65535.");
        builder.WebHost.UseUrls($"http://{configuration["MCP_SERVER_HOST"] ?? "localhost"}:{port}");
    }

    /// <summary>Logs a warning for each configured setting that other servers support and MedCor does not.</summary>
    public static void WarnOfUnsupportedSettings(this WebApplication app)
    {
        foreach (var (variable, instead) in UnsupportedSettings)
            if (app.Configuration[variable] is { Length: > 0 })
                LogUnsupported(app.Logger, variable, instead);
    }

    [LoggerMessage(6000, LogLevel.Warning, "{Variable} is set and does nothing: {Instead}")]
    private static partial void LogUnsupported(ILogger log, string variable, string instead);
}
