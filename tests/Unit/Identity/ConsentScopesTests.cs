using MedCor.Contracts;
using MedCor.Identity.Authorization;

namespace MedCor.Tests.Unit.Identity;

public sealed class ConsentScopesTests
{
    [Theory]
    [InlineData(null, "medcor.read appointments.write", "")]
    [InlineData("medcor.read", "medcor.read appointments.write medcor.delete", "appointments.write medcor.delete")]
    [InlineData("medcor.read", "appointments.read medcor.clinical", "medcor.clinical")]
    [InlineData("medcor.read medcor.clinical", "clinical.read clinical.write", "clinical.write")]
    [InlineData("medcor.write", "medcor.read people.write", "")]
    [InlineData("people.read", "", "medcor.read")]
    public void What_a_client_asks_for_beyond_what_it_has_been_allowed_is_new(string? allowed, string requested, string expected)
    {
        var offered = ConsentScopes.Offer([.. requested.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            allowed is null ? null : ScopeSet.Parse(allowed, out _));

        Assert.Equal(expected, string.Join(' ', offered.Where(scope => scope.IsNew).Select(scope => scope.Name)));
    }

    [Theory]
    [InlineData("medcor.read appointments.write", "medcor.read appointments.write openid", "appointments.write medcor.read openid")]
    [InlineData("medcor.read", "people.read unknown", "people.read")]
    [InlineData("medcor.read", "", "medcor.read")]
    [InlineData("medcor.read", "medcor.read appointments.write", "")]
    [InlineData("medcor.read medcor.delete", "medcor.read medcor.delete", "")]
    [InlineData("medcor.delete", "people.delete", "")]
    [InlineData("medcor.read medcor.clinical", "medcor.read medcor.clinical", "")]
    [InlineData("medcor.read medcor.clinical", "clinical.read", "")]
    public void What_a_user_has_allowed_is_granted_again_unless_it_is_dangerous(string remembered, string requested, string expected)
    {
        var granted = ConsentScopes.GrantRemembered([.. requested.Split(' ', StringSplitOptions.RemoveEmptyEntries)], ScopeSet.Parse(remembered, out _));

        Assert.Equal(expected, string.Join(' ', granted));
    }
}
