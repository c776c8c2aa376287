using MedCor.Identity.Keys;

namespace MedCor.Tests.Unit.Identity;

public sealed class KeyRingTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly KeyEncryption Encryption = new("a secret of at least 32 characters!");

    [Fact]
    public void The_first_key_signs_at_once() => Assert.Equal(Now, KeyRing.NextSignsFrom(null, [], Now));

    [Fact]
    public void No_key_is_created_while_the_current_one_is_young() => Assert.Null(KeyRing.NextSignsFrom(null, [Key(Now - KeyRing.SigningPeriod / 2)], Now));

    [Fact]
    public void The_next_key_is_published_before_it_signs()
    {
        var due = Now + KeyRing.PublishedBeforeSigning / 2;

        Assert.Equal(Now + KeyRing.PublishedBeforeSigning, KeyRing.NextSignsFrom(null, [Key(due - KeyRing.SigningPeriod)], Now));
        Assert.Null(KeyRing.NextSignsFrom(null, [Key(due - KeyRing.SigningPeriod), Key(Now + KeyRing.PublishedBeforeSigning)], Now));
    }

    [Fact]
    public void An_old_key_stays_until_its_last_token_has_ended()
    {
        var (old, young) = (Key(Now - KeyRing.SigningPeriod), Key(Now));

        Assert.Empty(KeyRing.FindRetired([old, young], Now + KeyRing.PublishedAfterSigning));
        Assert.Equal([old], KeyRing.FindRetired([old, young], Now + KeyRing.PublishedAfterSigning + TimeSpan.FromMinutes(1)));
    }

    private static SigningKey Key(DateTimeOffset signsFrom) => SigningKey.Create(Encryption, signsFrom, signsFrom);
}
