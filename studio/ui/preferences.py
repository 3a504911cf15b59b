"""How tools and aids are set, beyond the brush: what panels change, and what is remembered."""

from dataclasses import dataclass

from studio.core.observed import Observed
from studio.core.settings import Options
from studio.core.signal import Signal
from studio.paint.region import Likeness
from studio.paint.symmetry import NO_SYMMETRY, Symmetry
from studio.paint.text import Align, Text
from studio.ui.canvas.fills import GradientForm
from studio.ui.canvas.frame_marks import Sizing
from studio.ui.canvas.rulers import Aids
from studio.ui.canvas.shapes import ShapeLook, ShapeStyle


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether exported pictures are signed, and the paths of what they are signed with."""

    on: bool = False
    certificate: str = ""  # PEM, as the key
    private_key: str = ""


class Preferences:
    """Begins as `options` say. `changed`: they would be others now."""

    def __init__(self, options: Options) -> None:
        self.likeness = Observed(
            Likeness(options.tolerance, options.contiguous, options.gap, options.all_layers)
        )
        self.shapes = Observed(ShapeStyle(ShapeLook[options.shape_look], options.shape_inside))
        self.gradient = Observed(GradientForm[options.gradient])
        self.lettering = Observed(_style(options))
        self.aids = Observed(Aids(options.rulers, options.snap))
        self.library_megabytes = Observed(options.library_megabytes)
        self.picture_side = Observed(options.picture_side)
        self.undo_megabytes = Observed(options.undo_megabytes)
        self.untold_exports = Observed(options.untold_exports)
        self.signing = Observed(
            Signing(options.sign_exports, options.certificate, options.private_key)
        )
        self.symmetry: Observed[Symmetry] = Observed(NO_SYMMETRY)  # of one painting, so forgotten
        self.sizing = Observed(Sizing())  # follows the model
        self.changed: Signal[None] = Signal()
        self.likeness.changed.connect(lambda _: self.changed.emit(None))
        self.shapes.changed.connect(lambda _: self.changed.emit(None))
        self.gradient.changed.connect(lambda _: self.changed.emit(None))
        self.lettering.changed.connect(lambda _: self.changed.emit(None))
        self.aids.changed.connect(lambda _: self.changed.emit(None))
        self.library_megabytes.changed.connect(lambda _: self.changed.emit(None))
        self.picture_side.changed.connect(lambda _: self.changed.emit(None))
        self.undo_megabytes.changed.connect(lambda _: self.changed.emit(None))
        self.untold_exports.changed.connect(lambda _: self.changed.emit(None))
        self.signing.changed.connect(lambda _: self.changed.emit(None))

    @property
    def options(self) -> Options:
        """What to begin with another time."""
        likeness, shapes, style = self.likeness.value, self.shapes.value, self.lettering.value
        return Options(
            tolerance=likeness.tolerance,
            contiguous=likeness.contiguous,
            gap=likeness.gap,
            all_layers=likeness.all_layers,
            shape_look=shapes.look.name,
            shape_inside=shapes.inside,
            gradient=self.gradient.value.name,
            font=style.family,
            letters=style.size,
            align=style.align.value,
            rulers=self.aids.value.shown,
            snap=self.aids.value.snap,
            library_megabytes=self.library_megabytes.value,
            picture_side=self.picture_side.value,
            undo_megabytes=self.undo_megabytes.value,
            untold_exports=self.untold_exports.value,
            sign_exports=self.signing.value.on,
            certificate=self.signing.value.certificate,
            private_key=self.signing.value.private_key,
        )


def _style(options: Options) -> Text:
    align = Align(options.align)
    return Text(words="", x=0.0, y=0.0, family=options.font, size=options.letters, align=align)
