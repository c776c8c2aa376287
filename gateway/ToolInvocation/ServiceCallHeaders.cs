namespace MedCor.Gateway.ToolInvocation;

/// <summary>Represents the headers that a forwarded call carries. Nothing else that the client sent is forwarded.</summary>
/// <param name="Authorization">The client's token, as sent; every service validates it itself.</param>
/// <param name="RequestId">The id of the current request.</param>
/// <param name="ClientAddress">The address that the client's connection comes from.</param>
/// <param name="CallerKey">The key under which the buffered response is counted; null to count it for no caller.</param>
internal sealed record ServiceCallHeaders(string Authorization, string RequestId, string? ClientAddress, string? CallerKey = null);
