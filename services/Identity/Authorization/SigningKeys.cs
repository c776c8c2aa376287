using System.Security.Cryptography;
using System.Text;
using MedCor.Identity.Keys;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Gives OpenIddict the keys that sign access tokens, which change while it runs: those of the <see cref="KeyRing"/>. What only the authorization server itself
/// reads, such as authorization codes, is encrypted and signed with keys that are derived from the configured secret.
/// </summary>
internal static class SigningKeys
{
    /// <summary>Signs access tokens with the key ring's current key.</summary>
    internal static OpenIddictServerHandlerDescriptor ForTokens { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
        .UseSingletonHandler<AttachSigningKey>()
        .SetOrder(OpenIddictServerHandlers.Protection.AttachSecurityCredentials.Descriptor.Order + 1)
        .Build();

    /// <summary>Verifies access tokens with all published keys of the key ring.</summary>
    internal static OpenIddictServerHandlerDescriptor ForValidation { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseSingletonHandler<AttachVerificationKeys>()
        .SetOrder(OpenIddictServerHandlers.Protection.ResolveTokenValidationParameters.Descriptor.Order + 1)
        .Build();

    /// <summary>Adds the derived keys.</summary>
    internal static void AddTo(OpenIddictServerOptions options, string secret)
    {
        options.EncryptionCredentials.Add(new(new SymmetricSecurityKey(Derive(secret, "medcor authorization server encryption")),
            SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512));
        options.SigningCredentials.Add(new(new SymmetricSecurityKey(Derive(secret, "medcor authorization server signing")), SecurityAlgorithms.HmacSha256));
        // OpenIddict wants an asymmetric key before it starts. This one is not published, so nobody accepts what it would sign.
        options.SigningCredentials.Add(new(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)), SecurityAlgorithms.EcdsaSha256));
    }

    private static byte[] Derive(string secret, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), outputLength: 32, info: Encoding.UTF8.GetBytes(purpose));

    private sealed class AttachSigningKey(KeyRing ring) : IOpenIddictServerHandler<GenerateTokenContext>
    {
        public async ValueTask HandleAsync(GenerateTokenContext context)
        {
            if (PublicIssuer.IsPublic(context.TokenType)) context.SigningCredentials = await ring.GetSigningCredentialsAsync(context.CancellationToken);
        }
    }

    private sealed class AttachVerificationKeys(KeyRing ring) : IOpenIddictServerHandler<ValidateTokenContext>
    {
        public async ValueTask HandleAsync(ValidateTokenContext context)
        {
            var keys = await ring.GetPublicKeysAsync(context.CancellationToken);
            context.TokenValidationParameters.IssuerSigningKeys =
                [.. context.TokenValidationParameters.IssuerSigningKeys ?? [], .. keys.Select(key => key.ToSecurityKey())];
        }
    }
}
