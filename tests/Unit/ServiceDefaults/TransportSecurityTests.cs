using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.Configuration;

namespace MedCor.Tests.Unit.ServiceDefaults;

/// <summary>Tests whose certificates are trusted, and that replaced ones are used without a restart.</summary>
public sealed class TransportSecurityTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("medcor-certificates-").FullName;

    [Fact]
    public async Task A_server_is_trusted_if_the_authority_has_signed_its_certificate_for_the_name_that_is_called()
    {
        using var authority = CreateAuthority();
        Write(authority, authority);
        var security = Create();

        await Connect(security, "localhost");
        await Assert.ThrowsAsync<AuthenticationException>(() => Connect(security, "elsewhere"));
    }

    [Fact]
    public async Task A_certificate_that_another_authority_has_signed_is_refused()
    {
        using X509Certificate2 trusted = CreateAuthority(), other = CreateAuthority();
        Write(trusted, other);

        await Assert.ThrowsAsync<AuthenticationException>(() => Connect(Create(), "localhost"));
    }

    [Fact]
    public async Task Replaced_certificates_are_used_seconds_later_and_unreadable_ones_are_not()
    {
        using X509Certificate2 former = CreateAuthority(), next = CreateAuthority();
        Write(former, former);
        var security = Create();
        var first = security.Certificate!();

        await File.WriteAllTextAsync(Path.Combine(_folder, "tls.key"), "half a key");
        _clock.Now += TimeSpan.FromSeconds(6);
        Assert.Same(first, security.Certificate!());

        Write(next, next);
        Assert.Same(first, security.Certificate!());
        _clock.Now += TimeSpan.FromSeconds(6);
        Assert.NotEqual(first.Thumbprint, security.Certificate!().Thumbprint);
        await Connect(security, "localhost");
    }

    [Fact]
    public void Without_its_files_a_process_does_not_start() => Assert.ThrowsAny<IOException>(Create);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private TransportSecurity Create() => new(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Tls:AuthorityFile"] = Path.Combine(_folder, "ca.crt"), ["Tls:CertificateFile"] = Path.Combine(_folder, "tls.crt"),
        ["Tls:KeyFile"] = Path.Combine(_folder, "tls.key"),
    }).Build(), _clock);

    /// <summary>Connects a client to a server, both with these settings.</summary>
    private static async Task Connect(TransportSecurity security, string name)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptTcpClientAsync();
        await using SslStream here = new(client.GetStream()), there = new(accepted.GetStream());
        var answering = there.AuthenticateAsServerAsync(security.Certificate!());
        try
        {
            await here.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = name, RemoteCertificateValidationCallback = security.IsServerTrusted,
            });
        }
        finally
        {
            client.Close();
            await Record.ExceptionAsync(() => answering);
        }
    }

    /// <summary>Writes the authority that is trusted, and a certificate that an authority has signed for this machine.</summary>
    private void Write(X509Certificate2 trusted, X509Certificate2 signer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(new OidCollection { new("1.3.6.1.5.5.7.3.1") }, false));
        using var certificate = request.Create(signer, signer.NotBefore, signer.NotAfter, [1, .. RandomNumberGenerator.GetBytes(8)]);
        File.WriteAllText(Path.Combine(_folder, "ca.crt"), trusted.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "tls.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static X509Certificate2 CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
