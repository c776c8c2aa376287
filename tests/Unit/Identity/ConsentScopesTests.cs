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
}
