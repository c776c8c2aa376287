using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Names the resources for which tokens are issued (RFC 8707): MCP at <c>/mcp</c>, which is the default, and everything else at <c>/api</c>. A token is good
/// for one of them alone.
/// </summary>
internal sealed class Resources(IOptions<TokenOptions> tokens, IHostEnvironment environment)
{
    private readonly bool _isDevelopment = environment.IsDevelopment();

    private string Mcp => tokens.Value.McpAudience;

    private string Api => tokens.Value.ServerUrl + "/api";

    /// <summary>Gets the handlers that read the other names by which clients call the resources, before OpenIddict looks at them.</summary>
    internal static IEnumerable<OpenIddictServerHandlerDescriptor> Handlers { get; } =
    [
        Read<ValidateAuthorizationRequestContext>(context => context.Request),
        Read<ValidatePushedAuthorizationRequestContext>(context => context.Request),
        Read<ValidateTokenRequestContext>(context => context.Request),
    ];

    /// <summary>Gets the resources that a request may name.</summary>
    internal IReadOnlyList<string> Accepted => [Mcp, Api];

    /// <summary>Returns the audience of the tokens for a resource; null names the default.</summary>
    internal string GetAudience(string? resource) => resource == Api ? tokens.Value.Audience : Mcp;

    /// <summary>
    /// Returns the resource that a client means: without a final slash and without the query by which a client narrows MCP, and MCP where it is the public
    /// URL alone. In Development, the names of this machine are the same. A resource that is not MedCor's is returned as it is.
    /// </summary>
    internal string Normalize(string resource)
    {
        if (!Uri.TryCreate(resource, UriKind.Absolute, out var uri) || uri is not { Fragment: "", UserInfo: "" }) return resource;
        var name = NameOf(uri);
        return name == NameOf(new(tokens.Value.ServerUrl)) ? Mcp : Accepted.FirstOrDefault(accepted => NameOf(new(accepted)) == name) ?? resource;
    }

    /// <summary>Returns a resource's address in the form in which the same one is always written alike.</summary>
    private string NameOf(Uri uri)
    {
        var name = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        if (!_isDevelopment || !uri.IsLoopback) return name;
        return new UriBuilder(name) { Host = "localhost" }.Uri.AbsoluteUri.TrimEnd('/');
    }

    private static OpenIddictServerHandlerDescriptor Read<TContext>(Func<TContext, OpenIddictRequest> getRequest) where TContext : BaseValidatingContext =>
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>().UseSingletonHandler<Reader<TContext>>(
            services => new Reader<TContext>(services.GetRequiredService<Resources>(), getRequest)).SetOrder(int.MinValue + 1000).Build();

    private sealed class Reader<TContext>(Resources resources, Func<TContext, OpenIddictRequest> getRequest) : IOpenIddictServerHandler<TContext>
        where TContext : BaseContext
    {
        public ValueTask HandleAsync(TContext context)
        {
            var request = getRequest(context);
            if (request.GetResources() is { IsEmpty: false } named)
                request.SetParameter(OpenIddictConstants.Parameters.Resource, new([.. named.Select(name => (string?)resources.Normalize(name))]));
            return ValueTask.CompletedTask;
        }
    }
}
