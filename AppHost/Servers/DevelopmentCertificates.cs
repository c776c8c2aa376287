using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MedCor.AppHost.Data;

namespace MedCor.AppHost.Servers;

/// <summary>
/// Creates a certificate authority for the data directory, and the certificate with which all servers and services of this machine answer by TLS. They are
/// created anew a month before they expire.
/// </summary>
internal sealed class DevelopmentCertificates
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _authority = [];

    private DevelopmentCertificates(string directory)
    {
        AuthorityFile = Path.Combine(directory, "authority.crt");
        CertificateFile = Path.Combine(directory, "server.crt");
        KeyFile = Path.Combine(directory, "server.key");
        if (!AreUsable(AuthorityFile, CertificateFile, KeyFile)) Create();
        _authority.ImportFromPemFile(AuthorityFile);
    }

    /// <summary>Gets the path of the authority's certificate.</summary>
    public string AuthorityFile { get; }

    /// <summary>Gets the path of the certificate of the servers and services.</summary>
    public string CertificateFile { get; }

    /// <summary>Gets the path of the key of that certificate.</summary>
    public string KeyFile { get; }

    /// <summary>Returns the certificates of a data directory, creating them when there are none.</summary>
    public static DevelopmentCertificates Of(DataDirectory data) => new(data.GetDirectory("tls"));

    /// <summary>Returns whether a server has the certificate of the authority, and the name that was called.</summary>
    public bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 presented || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authority);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return own.Build(presented);
    }

    private static bool AreUsable(params string[] files)
    {
        if (!files.All(File.Exists)) return false;
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(files[1]));
        return certificate.NotAfter > TimeProvider.System.GetLocalNow().AddDays(30).DateTime;
    }

    private void Create()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=MedCor development", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        authorityRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, false));
        using var authority = authorityRequest.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(new OidCollection { new(ServerAuthentication) }, false));
        var serialNumber = RandomNumberGenerator.GetBytes(16);
        serialNumber[0] &= 0x7f;
        using var certificate = request.Create(authority, now.AddDays(-1), now.AddYears(1).AddDays(-1), serialNumber);

        // The key of the authority is not kept: nothing else is signed with it.
        PrivateFile.Write(AuthorityFile, authority.ExportCertificatePem());
        PrivateFile.Write(KeyFile, key.ExportPkcs8PrivateKeyPem());
        PrivateFile.Write(CertificateFile, certificate.ExportCertificatePem());
    }
}
