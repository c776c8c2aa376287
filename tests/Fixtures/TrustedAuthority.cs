using System.Security.Cryptography.X509Certificates;

namespace MedCor.Tests.Fixtures;

/// <summary>Trusts the certificates of an authority alone.</summary>
internal static class TrustedAuthority
{
    /// <summary>Returns the policy for chains of certificates that the authority in a file has signed.</summary>
    public static X509ChainPolicy PolicyOf(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }
}
