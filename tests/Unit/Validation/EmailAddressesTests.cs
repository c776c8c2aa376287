using MedCor.Validation;

namespace MedCor.Tests.Unit.Validation;

public sealed class EmailAddressesTests
{
    [Theory]
    [InlineData("Anna.Maria+x@H.Example", "Anna.Maria+x@h.example")]
    [InlineData(" o'brien@x.example ", "o'brien@x.example")]
    [InlineData("jose\u0301@x.example", "jos\u00E9@x.example")]
    [InlineData("a@bu\u0308cher.example", "a@b\u00FCcher.example")]
    [InlineData("a@xn--bcher-kva.example", "a@b\u00FCcher.example")]
    [InlineData("a@XN--BCHER-KVA.example", "a@b\u00FCcher.example")]
    [InlineData("a@localhost", "a@localhost")]
    public void An_address_has_one_form(string written, string kept) => Assert.Equal(kept, EmailAddresses.Canonicalize(written));

    [Theory]
    [InlineData("")]
    [InlineData("a b@c.example")]
    [InlineData("a\u00A0b@c.example")]
    [InlineData("<a@x>")]
    [InlineData("Name <a@x>")]
    [InlineData("\"a b\"@x.example")]
    [InlineData("a(comment)@x.example")]
    [InlineData("a@x.example, b@x.example")]
    [InlineData("a@[127.0.0.1]")]
    [InlineData("x@h.example\u200B")]
    [InlineData("x\u202E@h.example")]
    [InlineData("a@example..com")]
    [InlineData("a@example.com.")]
    [InlineData("a@@b.example")]
    [InlineData(".a@x.example")]
    [InlineData("a.@x.example")]
    [InlineData("a..b@x.example")]
    [InlineData("a@-x.example")]
    [InlineData("a@x_y.example")]
    [InlineData("a@xn--zzzzz99999.example")]
    [InlineData("a@\uFF58.example")]
    [InlineData("a@\u24E7.example")]
    [InlineData("a@\U0001D431.example")]
    [InlineData("@x.example")]
    [InlineData("a@")]
    public void Anything_but_a_bare_address_is_invalid(string written) => Assert.Null(EmailAddresses.Canonicalize(written));

    [Fact]
    public void More_than_64_characters_before_the_at_are_an_older_accounts_alone()
    {
        var (most, more) = ($"{new string('a', 64)}@x.example", $"{new string('a', 65)}@x.example");

        Assert.Equal((true, false), (EmailAddresses.IsAcceptable(most), EmailAddresses.IsAcceptable(more)));
        Assert.Equal(more, EmailAddresses.GetLookupKey(more));
    }

    [Fact]
    public void An_address_in_any_notation_is_found_under_every_stored_form()
    {
        var keys = EmailAddresses.GetLookupKeys("Jose\u0301@xn--bcher-kva.example");

        Assert.Equal("jos\u00E9@b\u00FCcher.example", keys[0]);
        Assert.Superset(new HashSet<string> { "jose\u0301@bu\u0308cher.example", "jos\u00E9@xn--bcher-kva.example" }, keys.ToHashSet());
        Assert.Equal(["a b@x"], EmailAddresses.GetLookupKeys(" A b@X "));
    }
}
