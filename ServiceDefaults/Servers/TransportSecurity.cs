using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace MedCor.ServiceDefaults.Servers;

/// <summary>
/// Holds what this process needs for TLS with MedCor's other programs, Redis and RabbitMQ: its own certificate (<c>Tls__CertificateFile</c>,
/// <c>Tls__KeyFile</c>) and the authority that signs those of the others (<c>Tls__AuthorityFile</c>), all in PEM. The files are read again when they have
/// changed, so that certificates are replaced without a restart.
/// </summary>
public sealed class TransportSecurity
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly ReloadedFiles<X509Certificate2Collection>? _authority;
    private readonly ReloadedFiles<X509Certificate2>? _certificate;

    /// <summary>Reads the files, so that the process does not start without them.</summary>
    public TransportSecurity(IConfiguration configuration, TimeProvider clock)
    {
        if (configuration["Tls:AuthorityFile"] is { Length: > 0 } authority)
            _authority = new(contents =>
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPem(contents[0]);
                return authorities;
            }, clock, authority);
        if (configuration["Tls:CertificateFile"] is { Length: > 0 } certificate && configuration["Tls:KeyFile"] is { Length: > 0 } key)
            _certificate = new(contents => X509Certificate2.CreateFromPem(contents[0], contents[1]), clock, certificate, key);
        _authority?.Get();
        _certificate?.Get();
    }

    /// <summary>Gets the source of the certificate of this process; null when none is configured.</summary>
    internal Func<X509Certificate2>? Certificate => _certificate is null ? null : _certificate.Get;

    /// <summary>
    /// Returns whether a server's certificate is good: the authority has signed it for the host that was called or, when no authority is configured, one that
    /// this machine trusts has.
    /// </summary>
    internal bool IsServerTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_authority is null) return errors == SslPolicyErrors.None;
        // The machine's store does not know the authority. Any other error, such as another name, refuses the certificate.
        if (certificate is not X509Certificate2 presented || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authority.Get());
        if (chain is not null) own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        // The authority lists no revoked certificates; they live for days.
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return own.Build(presented);
    }
}
