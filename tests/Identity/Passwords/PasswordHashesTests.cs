using MedCor.Identity.Passwords;

namespace MedCor.Tests.Identity.Passwords;

public class PasswordHashesTests
{
    private static readonly Func<Task> Nothing = () => Task.CompletedTask;

    [Fact]
    public async Task A_hash_matches_its_password_alone()
    {
        using var hashes = new PasswordHashes();
        var hash = await hashes.Hash("Korrekt-Pferd-7", CancellationToken.None);

        Assert.True(await hashes.Match(hash, "Korrekt-Pferd-7", Nothing, CancellationToken.None));
        Assert.False(await hashes.Match(hash, "korrekt-pferd-7", Nothing, CancellationToken.None));
        Assert.NotEqual(hash, await hashes.Hash("Korrekt-Pferd-7", CancellationToken.None));
    }

    [Fact]
    public async Task Checking_against_nobodys_hash_costs_what_a_real_one_costs()
    {
        using var hashes = new PasswordHashes();
        var real = Convert.FromBase64String(await hashes.Hash("Korrekt-Pferd-7", CancellationToken.None));
        var nobodys = Convert.FromBase64String(PasswordHashes.HashOfNothing());

        // Marker, function, iterations and length of the salt: all that decides how long it takes.
        Assert.Equal(real[..13], nobodys[..13]);
        Assert.Equal(real.Length, nobodys.Length);
        Assert.False(await hashes.Match(null, "Korrekt-Pferd-7", Nothing, CancellationToken.None));
    }
}
