namespace MedCor.AppHost.Hosting;

/// <summary>Reads the address that the gateway listens on from <c>MCP_SERVER_HOST</c> and <c>MCP_SERVER_PORT</c>.</summary>
internal static class GatewayAddress
{
    private const ushort DefaultPort = 8002;

    public static string Host => Environment.GetEnvironmentVariable("MCP_SERVER_HOST") is { Length: > 0 } host ? host : "localhost";

    /// <summary>Gets the port of the first replica; null for any free port, which 0 requests.</summary>
    public static int? Port => Environment.GetEnvironmentVariable("MCP_SERVER_PORT") is not { Length: > 0 } value ? DefaultPort
        : ushort.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var port) ? port > 0 ? port : null
        : throw new DistributedApplicationException("MCP_SERVER_PORT must be a port, 0 to 65535.");
}
