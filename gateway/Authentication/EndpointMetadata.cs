using Microsoft.AspNetCore.Authorization;

namespace MedCor.Gateway.Authentication;

/// <summary>Marks an endpoint that accepts a ticket in the query instead of a token in the header.</summary>
internal sealed class AcceptsTicketMetadata
{
    public static readonly AcceptsTicketMetadata Instance = new();
}

/// <summary>Marks an endpoint that also accepts the server token.</summary>
internal sealed class AcceptsServerTokenMetadata
{
    public static readonly AcceptsServerTokenMetadata Instance = new();
}

/// <summary>Marks an endpoint that accepts tokens for MCP and no other tokens.</summary>
internal sealed class RequiresMcpTokenMetadata
{
    public static readonly RequiresMcpTokenMetadata Instance = new();
}

/// <summary>Marks a public endpoint that authenticates requests with a credential. Other public endpoints ignore credentials.</summary>
internal sealed class OptionalAuthenticationMetadata : IAllowAnonymous
{
    public static readonly OptionalAuthenticationMetadata Instance = new();
}

internal static class EndpointMetadataExtensions
{
    /// <inheritdoc cref="AcceptsTicketMetadata"/>
    public static TBuilder AcceptTicket<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(AcceptsTicketMetadata.Instance);

    /// <inheritdoc cref="AcceptsServerTokenMetadata"/>
    public static TBuilder AcceptServerToken<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(AcceptsServerTokenMetadata.Instance);

    /// <inheritdoc cref="RequiresMcpTokenMetadata"/>
    public static TBuilder RequireMcpToken<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(RequiresMcpTokenMetadata.Instance);

    /// <inheritdoc cref="OptionalAuthenticationMetadata"/>
    public static TBuilder AuthenticateOptionally<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(OptionalAuthenticationMetadata.Instance);
}
