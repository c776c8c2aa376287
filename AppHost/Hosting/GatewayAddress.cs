namespace MedCor.AppHost.Hosting;

/// <summary>Reads where the gateway is to listen from <c>MCP_SERVER_HOST</c> and <c>MCP_SERVER_PORT</c>.</summary>
internal static class GatewayAddress
{
    private const ushort DefaultPort = 8002;

    public static string Host => Environment.GetEnvironmentVariable("MCP_SERVER_HOST") is { Length: > 0 } host ? host : "localhost";

    /// <summary>Gets the first replica's port; null for any free one, which 0 asks for.</summary>
    public static int? Port => Environment.GetEnvironmentVariable("MCP_SERVER_PORT") is not { Length: > 0 } value ? DefaultPort
        : ushort.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var port) ? port > 0 ? port : null
        : throw new DistributedApplicationException("MCP_SERVER_PORT must be a port, 0 to 65535.");
}
