using MedCor.Identity.Passwords;
using MedCor.Platform.Secrets;

namespace MedCor.Tests.Unit.Identity;

public sealed class PasswordHasherTests : IDisposable
{
    private static readonly Func<Task> Nothing = () => Task.CompletedTask;

    private readonly SecretHasher _secrets = new();
    private readonly PasswordHasher _hashes;

    public PasswordHasherTests() => _hashes = new(_secrets);

    public void Dispose() => _secrets.Dispose();

    [Fact]
    public async Task A_hash_matches_its_password_alone()
    {
        var hash = await _hashes.HashAsync("Korrekt-Pferd-7", CancellationToken.None);

        Assert.True(await _hashes.VerifyAsync(hash, "Korrekt-Pferd-7", Nothing, CancellationToken.None));
        Assert.False(await _hashes.VerifyAsync(hash, "korrekt-pferd-7", Nothing, CancellationToken.None));
        Assert.NotEqual(hash, await _hashes.HashAsync("Korrekt-Pferd-7", CancellationToken.None));
    }

    [Fact]
    public async Task A_password_is_the_same_on_every_keyboard_and_a_hash_of_what_was_typed_still_holds()
    {
        var (composed, decomposed) = ("Gr\u00FC\u00DFe-Gott-7", "Gru\u0308\u00DFe-Gott-7");
        var older = new Microsoft.AspNetCore.Identity.PasswordHasher<object>().HashPassword(new(), decomposed);

        Assert.True(await _hashes.VerifyAsync(await _hashes.HashAsync(composed, CancellationToken.None), decomposed, Nothing, CancellationToken.None));
        Assert.True(await _hashes.VerifyAsync(await _hashes.HashAsync(decomposed, CancellationToken.None), composed, Nothing, CancellationToken.None));
        Assert.True(await _hashes.VerifyAsync(older, decomposed, Nothing, CancellationToken.None));
        Assert.False(await _hashes.VerifyAsync(await _hashes.HashAsync(composed, CancellationToken.None), $" {composed}", Nothing, CancellationToken.None));
    }

    [Fact]
    public async Task A_hash_of_fewer_iterations_or_of_another_form_of_the_password_is_outdated()
    {
        var (composed, decomposed) = ("Gr\u00FC\u00DFe-Gott-7", "Gru\u0308\u00DFe-Gott-7");
        var weak = new Microsoft.AspNetCore.Identity.PasswordHasher<object>(
            Microsoft.Extensions.Options.Options.Create(new Microsoft.AspNetCore.Identity.PasswordHasherOptions { IterationCount = 10_000 }));
        var strong = new Microsoft.AspNetCore.Identity.PasswordHasher<object>(
            Microsoft.Extensions.Options.Options.Create(new Microsoft.AspNetCore.Identity.PasswordHasherOptions { IterationCount = 210_000 }));

        Assert.Equal((true, true), await Check(weak.HashPassword(new(), composed), composed));
        Assert.Equal((true, true), await Check(strong.HashPassword(new(), decomposed), decomposed));
        Assert.Equal((true, false), await Check(await _hashes.HashAsync(decomposed, CancellationToken.None), decomposed));
        Assert.Equal((false, false), await Check(weak.HashPassword(new(), composed), "another"));

        Task<(bool Matches, bool IsOutdated)> Check(string hash, string password) => _hashes.CheckAsync(hash, password, Nothing, CancellationToken.None);
    }

    [Fact]
    public async Task Checking_against_nobodys_hash_costs_what_a_real_one_costs()
    {
        var real = Convert.FromBase64String(await _hashes.HashAsync("Korrekt-Pferd-7", CancellationToken.None));
        var nobodys = Convert.FromBase64String(SecretHasher.CreateDummyHash());

        // Format marker, function, iterations and salt length: everything that determines how long a verification takes.
        Assert.Equal(real[..13], nobodys[..13]);
        Assert.Equal(real.Length, nobodys.Length);
        Assert.False(await _hashes.VerifyAsync(null, "Korrekt-Pferd-7", Nothing, CancellationToken.None));
    }
}
