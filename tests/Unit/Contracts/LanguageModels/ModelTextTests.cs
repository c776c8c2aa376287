using MedCor.Contracts.LanguageModels;

namespace MedCor.Tests.Unit.Contracts.LanguageModels;

public class ModelTextTests
{
    [Theory]
    [InlineData("""{"a":"plain \\n text, 👩‍👩‍👧, نِیم‌فاصله"}""", null)]
    [InlineData("{\"a\":\"x\U000E0041\U000E007Fy\"}", """{"a":"xy"}""")]
    [InlineData("""{"a":"x\uDB40\uDC41y\udb40\udc7fz"}""", """{"a":"xyz"}""")]
    [InlineData("""{"a":"\\uDB40\\uDC41"}""", null)]
    [InlineData("""{"a":"\\\uDB40\uDC41"}""", """{"a":"\\"}""")]
    [InlineData("""{"a":"\uDB40\uDD00"}""", null)]
    [InlineData("{\"a\":\"\u202E\u2066\u200B\u2060\uFEFF\u0085\u007F\"}", """{"a":"\u202e\u2066\u200b\u2060\ufeff\u0085\u007f"}""")]
    [InlineData("{\"a\":\"x\U000E0100\U000E0101\U000E01EFy\"}", "{\"a\":\"x\U000E0100y\"}")]
    [InlineData("{\"a\":\"\u00AD\u180E\u2061\u2064\"}", """{"a":"\u00ad\u180e\u2061\u2064"}""")]
    public void What_a_person_does_not_see_is_removed_or_shown(string json, string? expected) => Assert.Equal(expected ?? json, ModelText.Clean(json));
}
