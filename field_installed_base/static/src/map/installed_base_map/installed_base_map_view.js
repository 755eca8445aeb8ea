import { registry } from "@web/core/registry";
import { visitXML } from "@web/core/utils/xml";
import { InstalledBaseMapController } from "./installed_base_map_controller";
import { InstalledBaseMapModel } from "./installed_base_map_model";
import { InstalledBaseMapRenderer } from "./installed_base_map_renderer";

export class InstalledBaseMapArchParser {
    /** The fields of the view are those that sites may be colored by. */
    parse(arch, fields) {
        const colors = [];
        visitXML(arch, (node) => {
            if (node.tagName === "field") {
                const name = node.getAttribute("name");
                colors.push({
                    name,
                    string: node.getAttribute("string") || fields[name].string,
                });
            }
        });
        return { colors };
    }
}

export const installedBaseMapView = {
    type: "installed_base_map",
    searchMenuTypes: ["filter", "favorite"],
    ArchParser: InstalledBaseMapArchParser,
    Controller: InstalledBaseMapController,
    Model: InstalledBaseMapModel,
    Renderer: InstalledBaseMapRenderer,
    buttonTemplate: "field_installed_base.MapView.Buttons",

    props: (genericProps, view) => ({
        ...genericProps,
        Model: view.Model,
        Renderer: view.Renderer,
        buttonTemplate: view.buttonTemplate,
        archInfo: new view.ArchParser().parse(genericProps.arch, genericProps.fields),
    }),
};

registry.category("views").add("installed_base_map", installedBaseMapView);
