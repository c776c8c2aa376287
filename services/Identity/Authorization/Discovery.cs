using MedCor.Identity.Keys;
using MedCor.Identity.SecondFactors;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Authorization;

/// <summary>Completes the discovery document (RFC 8414) with what MedCor adds to OpenIddict.</summary>
internal sealed class Discovery : IOpenIddictServerHandler<HandleConfigurationRequestContext>
{
    internal static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor
        .CreateBuilder<HandleConfigurationRequestContext>().UseSingletonHandler<Discovery>().SetOrder(int.MaxValue - 100_000).Build();

    public ValueTask HandleAsync(HandleConfigurationRequestContext context)
    {
        var issuer = PublicIssuer.Get(context.Options);
        context.JsonWebKeySetEndpoint = new(issuer + KeyEndpoints.JwksPath);
        context.Metadata["registration_endpoint"] = issuer + RegistrationEndpoint.Path;
        context.Metadata["client_id_metadata_document_supported"] = true;
        context.Metadata["acr_values_supported"] = new([AuthenticationMethods.OneFactorClass, AuthenticationMethods.TwoFactorsClass]);
        context.TokenEndpointAuthenticationMethods.Add("none");
        context.RevocationEndpointAuthenticationMethods.Add("none");
        return ValueTask.CompletedTask;
    }
}
